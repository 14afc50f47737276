"""What a methods paragraph cites: the sources of what its sentences name, numbered as they are named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

_DOI = re.compile(r"\b10\.\d{4,9}/[^\s,;]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A source: authors, year, title and place as a list of references has them, and its DOI where it has one."""

    text: str
    doi: str = ""

    @property
    def url(self) -> str:
        """Where the DOI leads; empty without one.

        Examples
        --------
        >>> Reference(
        ...     text="Newcombe RG (1998)", doi="10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I"
        ... ).url
        'https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C873::AID-SIM779%3E3.0.CO;2-I'
        """
        return f"https://doi.org/{quote(self.doi, safe='/():;')}" if self.doi else ""


GOLDEN = Reference(
    text="Golden SA, Covington HE, Berton O, Russo SJ (2011) A standardized protocol for repeated social defeat stress "
    "in mice. Nat Protoc 6:1183–1191.",
    doi="10.1038/nprot.2011.361",
)
KRISHNAN = Reference(
    text="Krishnan V, Han MH, Graham DL, et al. (2007) Molecular adaptations underlying susceptibility and resistance "
    "to social defeat in brain reward regions. Cell 131:391–404.",
    doi="10.1016/j.cell.2007.09.018",
)
HENRIQUES_ALVES = Reference(
    text="Henriques-Alves AM, Queiroz CM (2016) Ethological evaluation of the effects of social defeat stress in mice: "
    "beyond the social interaction ratio. Front Behav Neurosci 9:364.",
    doi="10.3389/fnbeh.2015.00364",
)
HE = Reference(text="He H, Cathomas F, Parise LF, et al. (2026) Mol Psychiatry.", doi="10.1038/s41380-025-03383-5")
ARRIVE = Reference(
    text="Percie du Sert N, Hurst V, Ahluwalia A, et al. (2020) The ARRIVE guidelines 2.0: updated guidelines for "
    "reporting animal research. PLoS Biol 18:e3000410.",
    doi="10.1371/journal.pbio.3000410",
)
#: Of protocols: what in ``source`` tells of whom.
_SOURCES: Mapping[str, Reference] = {
    "golden2011": GOLDEN,
    "Nat Protoc 6:1183": GOLDEN,
    "10.1038/s41380-025-03383-5": HE,
    "Henriques-Alves": HENRIQUES_ALVES,
}
#: By the words that csds's own sentences have for a method, the source that csds computes it by.
METHODS: Mapping[str, Reference] = {
    "Savitzky–Golay filter": Reference(
        text="Savitzky A, Golay MJE (1964) Smoothing and differentiation of data by simplified least squares "
        "procedures. Anal Chem 36:1627–1639.",
        doi="10.1021/ac60214a047",
    ),
    "mixture of two normal distributions": Reference(
        text="Dempster AP, Laird NM, Rubin DB (1977) Maximum likelihood from incomplete data via the EM algorithm. "
        "J R Stat Soc B 39:1–38.",
        doi="10.1111/j.2517-6161.1977.tb01600.x",
    ),
    "Welch's t test": Reference(
        text="Welch BL (1947) The generalization of ‘Student's’ problem when several different population variances "
        "are involved. Biometrika 34:28–35.",
        doi="10.1093/biomet/34.1-2.28",
    ),
    "Welch's analysis of variance": Reference(
        text="Welch BL (1951) On the comparison of several mean values: an alternative approach. Biometrika "
        "38:330–336.",
        doi="10.1093/biomet/38.3-4.330",
    ),
    "linear mixed model": Reference(
        text="Bates D, Mächler M, Bolker B, Walker S (2015) Fitting linear mixed-effects models using lme4. "
        "J Stat Softw 67(1).",
        doi="10.18637/jss.v067.i01",
    ),
    "contrasts with separate variances and Satterthwaite's degrees of freedom": Reference(
        text="Satterthwaite FE (1946) An approximate distribution of estimates of variance components. "
        "Biometrics Bull 2:110–114.",
        doi="10.2307/3002019",
    ),
    "estimated marginal means, with Satterthwaite's degrees of freedom": Reference(
        text="Kuznetsova A, Brockhoff PB, Christensen RHB (2017) lmerTest package: tests in linear mixed effects "
        "models. J Stat Softw 82(13).",
        doi="10.18637/jss.v082.i13",
    ),
    "Greenhouse–Geisser's correction": Reference(
        text="Greenhouse SW, Geisser S (1959) On methods in the analysis of profile data. Psychometrika 24:95–112.",
        doi="10.1007/BF02289823",
    ),
    "Holm's method": Reference(
        text="Holm S (1979) A simple sequentially rejective multiple test procedure. Scand J Stat 6:65–70."
    ),
    "Dunnett's test": Reference(
        text="Dunnett CW (1955) A multiple comparison procedure for comparing several treatments with a control. "
        "J Am Stat Assoc 50:1096–1121.",
        doi="10.1080/01621459.1955.10501294",
    ),
    "Tukey's test": Reference(
        text="Copenhaver MD, Holland B (1988) Computation of the distribution of the maximum studentized range "
        "statistic with application to multiple significance testing of simple effects. J Stat Comput Simul 30:1–15.",
        doi="10.1080/00949658808811082",
    ),
    "Hedges' g": Reference(
        text="Hedges LV (1981) Distribution theory for Glass's estimator of effect size and related estimators. "
        "J Educ Stat 6:107–128.",
        doi="10.3102/10769986006002107",
    ),
    "intervals from the noncentral F distribution": Reference(
        text="Steiger JH (2004) Beyond the F test: effect size confidence intervals and tests of close fit in the "
        "analysis of variance and contrast analysis. Psychol Methods 9:164–182.",
        doi="10.1037/1082-989X.9.2.164",
    ),
    "bias-corrected accelerated bootstrap intervals": Reference(
        text="Efron B (1987) Better bootstrap confidence intervals. J Am Stat Assoc 82:171–185.",
        doi="10.2307/2289144",
    ),
    "Bayes factors": Reference(
        text="Rouder JN, Speckman PL, Sun D, Morey RD, Iverson G (2009) Bayesian t tests for accepting and rejecting "
        "the null hypothesis. Psychon Bull Rev 16:225–237.",
        doi="10.3758/PBR.16.2.225",
    ),
    "Wilson's intervals": Reference(
        text="Wilson EB (1927) Probable inference, the law of succession, and statistical inference. J Am Stat Assoc "
        "22:209–212.",
        doi="10.1080/01621459.1927.10502953",
    ),
    "Newcombe's intervals": Reference(
        text="Newcombe RG (1998) Interval estimation for the difference between independent proportions: comparison "
        "of eleven methods. Stat Med 17:873–890.",
        doi="10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I",
    ),
}


def protocol_references(source: str) -> tuple[Reference, ...]:
    """Return what a protocol says it is from; its own words, with the DOI in them, where csds doesn't know it.

    Examples
    --------
    >>> [one.doi for one in protocol_references("Golden SA et al. (2011) Nat Protoc 6:1183")]
    ['10.1038/nprot.2011.361']
    >>> protocol_references("Lab (2025), doi:10.1000/xyz")
    (Reference(text='Lab (2025), doi:10.1000/xyz', doi='10.1000/xyz'),)
    """
    known = dict.fromkeys(reference for words, reference in _SOURCES.items() if words in source)
    if known or not source.strip():
        return tuple(known)
    found = _DOI.search(source)
    return (Reference(text=source.strip(), doi=found[0].rstrip(".)") if found else ""),)


def cited(
    sentences: Sequence[str], sources: Mapping[str, Sequence[Reference]]
) -> tuple[list[str], tuple[Reference, ...]]:
    """Return sentences with the numbers of what they cite, and that in the order of its numbers.

    Parameters
    ----------
    sentences : sequence of str
        As csds words them.
    sources : mapping
        By words, what is cited where they stand first.

    Examples
    --------
    >>> text, found = cited(
    ...     ["By Holm's method.", "Holm's method again."], {"Holm's method": [METHODS["Holm's method"]]}
    ... )
    >>> text
    ["By Holm's method [1].", "Holm's method again."]
    """
    left = dict(sources)
    numbers: dict[Reference, int] = {}
    shown = []
    for sentence in sentences:
        ends = {sentence.find(words) + len(words): words for words in left if words in sentence}
        marks = [
            (end, ", ".join(str(numbers.setdefault(one, len(numbers) + 1)) for one in left.pop(ends[end])))
            for end in sorted(ends)
        ]
        text = sentence
        for end, mark in reversed(marks):
            text = f"{text[:end]} [{mark}]{text[end:]}" if mark else text
        shown.append(text)
    return shown, tuple(numbers)

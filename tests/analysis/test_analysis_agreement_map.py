"""What ``--map`` says of an old table: columns either way round, names with ``=`` in them, words for phenotypes."""

from __future__ import annotations

import pytest

from csds.analysis.agreement_map import read_map
from csds.errors import UsageError

OWN = ("cohort", "animal_id", "si_ratio", "interaction_time_s", "phenotype")


@pytest.mark.parametrize("text", ["Time in IZ (s)=interaction_time_s", "interaction_time_s=Time in IZ (s)",
                                  " time in iz (s) = interaction_time_s "])  # fmt: skip
def test_a_column_is_named_either_way_round(text: str) -> None:
    found = read_map([text], ["Mouse", "Time in IZ (s)"], OWN)
    assert found.columns == {"interaction_time_s": "Time in IZ (s)"}
    assert found.named == ("interaction_time_s",)


def test_where_both_ways_are_possible_the_old_table_stands_first() -> None:
    found = read_map(["si_ratio=interaction_time_s"], ["si_ratio", "interaction_time_s"], OWN)
    assert found.columns == {"interaction_time_s": "si_ratio"}


@pytest.mark.parametrize("name", ["=cmd|'/C calc'!A0", "a=b", "<script>", "="])
def test_names_may_hold_anything(name: str) -> None:
    assert read_map([f"{name}=si_ratio"], [name], OWN).columns == {"si_ratio": name}


def test_same_names_match_by_themselves_but_for_case_and_columns_that_are_used() -> None:
    found = read_map(["phenotype=si_ratio"], ["Animal_ID", "SI_ratio", "phenotype"], OWN)
    assert found.columns == {"si_ratio": "phenotype", "animal_id": "Animal_ID"}
    assert found.named == ("si_ratio",)


def test_one_column_may_stand_for_two() -> None:
    found = read_map(["IZ=si_ratio", "IZ=interaction_time_s"], ["IZ"], OWN)
    assert found.columns == {"si_ratio": "IZ", "interaction_time_s": "IZ"}


@pytest.mark.parametrize(
    ("word", "call"),
    [("S", "susceptible"), ("sus", "susceptible"), ("Stress-Susceptible", "susceptible"), ("R", "resilient"),
     ("res", "resilient"), ("stress resilient", "resilient"), ("Ctrl", "control"), ("undetermined", "undetermined"),
     ("excluded", "excluded"), ("A", "control"), ("b = c", "resilient"), ("left out", ""), ("maybe", None)],
)  # fmt: skip
def test_words_for_phenotypes(word: str, call: str | None) -> None:
    texts = ["phenotype:a=control", "phenotype:b = c=resilient", "phenotype:left out="]
    assert read_map(texts, [], OWN).phenotype(word) == call


def test_an_own_word_goes_before_the_usual_one() -> None:
    assert read_map(["phenotype:S=resilient"], [], OWN).phenotype("s") == "resilient"


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["si_ratio"], "expects the table's column=csds's column, found 'si_ratio'"),
        (["=si_ratio"], "expects the table's column=csds's column"),
        (["Mouze=animal_id"], "the table has no column 'Mouze'; did you mean 'Mouse'"),
        (["zebra=animal_id"], "the table has no column 'zebra'$"),
        (["Mouse=animal"], "the results have no column 'animal'; did you mean 'animal_id'"),
        (["Mouse=zebra"], "the results have no column 'zebra'$"),
        (["Mouse=animal_id", "SI=animal_id"], "names 'animal_id' twice: Mouse and SI"),
        (["phenotype:S=sick"], "expected phenotype: with the table's word, = and one of susceptible, resilient"),
        (["phenotype:=control"], "expected phenotype: with the table's word"),
        (["phenotype:S"], "expected phenotype: with the table's word"),
        (["phenotype:S=control", "phenotype:s=resilient"], "names the phenotype 's' twice: control and resilient"),
    ],
)
def test_what_can_not_be_meant_is_a_wrong_call(texts: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        read_map(texts, ["Mouse", "SI"], OWN)
    assert raised.value.hint

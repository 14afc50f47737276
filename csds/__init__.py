"""csds: from social-interaction-test video to phenotype and statistics."""

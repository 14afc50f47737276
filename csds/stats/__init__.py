"""Statistics of animals by group; come with a later version. Only this room may import pingouin."""

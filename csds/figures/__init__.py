"""Pictures: floor plans, an animal's two phases, annotated video. No pyplot, no global style."""

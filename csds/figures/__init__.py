"""Pictures: floor plans, an animal's two phases, annotated video. Drawn with OpenCV and Pillow, without matplotlib."""

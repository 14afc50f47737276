"""Known truth: cohorts of social interaction times, and videos whose every position is known.

- `csds.simulate.cohort`: tables of animals drawn by published numbers
- `csds.simulate.scene`, `csds.simulate.scenarios`: what a recording should show, and named rooms
- `csds.simulate.box`, `csds.simulate.layout`: boxes in perspective, one or several in a frame
- `csds.simulate.course`: recordings that show more than the trial, with the hand that brings the mouse
- `csds.simulate.random_rooms`: rooms and scenes drawn at random, for benchmarks
- `csds.simulate.recording`, `csds.simulate.study`: one video with its truth, whole studies
- `csds.simulate.nuisance`: what goes wrong in real recordings, by name
"""

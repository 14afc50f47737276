"""The nuisances themselves, by where they come from: floor, light, camera, recorder, animals."""

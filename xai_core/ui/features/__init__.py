"""The Features page: a cue of the lesion is changed, and the model's answer is compared."""

"""Rules about the shape of a tensor: view, squeeze, unsqueeze."""

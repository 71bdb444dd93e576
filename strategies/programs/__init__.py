"""Programs: a few lines of torch about a few tensors, and a machine that says what is promised of them."""

"""Rules about joining tensors and rearranging what is in them."""

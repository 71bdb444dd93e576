"""What every rule needs of a device: tensors made there, in every layout, and read back."""

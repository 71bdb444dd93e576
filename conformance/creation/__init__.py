"""Rules about making tensors of sizes and numbers, and about the memory of what is made or copied."""

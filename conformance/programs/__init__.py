"""Rules about programs: any sequence of views, changes, cuts, hooks, grad modes and backwards."""

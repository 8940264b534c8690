"""A risk model: how it is fitted, and how it answers with numpy alone."""

"""What `vigie doctor` looks at: each part, and one sentence that mends what is wrong with it."""

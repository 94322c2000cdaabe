"""Whether each channel still carries texts, and telling the operator when one does not."""

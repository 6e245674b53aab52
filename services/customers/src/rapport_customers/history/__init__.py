"""What happened to each customer: every field before and after, who did it, when and why."""

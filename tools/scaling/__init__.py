"""What a run costs and how it grows: measured jobs, simulated machines, costs per item."""

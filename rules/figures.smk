# Figures 2, 3 and 4 and the interactive page.
FIGURES = []

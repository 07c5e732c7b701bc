# What made the results, and a picture of the workflow.
TABLES = ["knn_scores.csv", "embedding_scores.csv", "cost.csv", "verdicts.csv"]

"""What the assets run on: the lake and the engine, thin, each usable without Dagster."""

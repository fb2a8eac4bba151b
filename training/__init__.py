"""How the models under `models/` were made: data, network, training and measurement. Never imported at run time."""

"""Which model answers for which role of a recipe, as the configuration says."""

from collections.abc import Sequence

from dataset_build.config import Binding, Models
from dataset_build.errors import UserError

FALLS_BACK = ("llm", "judge", "tagger")  # on vlm


def bound(roles: Sequence[str], models: Models) -> dict[str, Binding]:
    """The binding of each role. Raises UserError, which names the setting, where one has no model."""
    return {role: _binding(role, models) for role in roles}


def _binding(role: str, models: Models) -> Binding:
    binding: Binding = getattr(models, role)
    if not binding.model and role in FALLS_BACK:
        return _binding("vlm", models)
    if not binding.model:
        raise UserError(f"no model is bound to the role {role}: set `model` in [models.{role}] of dataset.toml")
    if not binding.endpoints and binding.backend == "endpoints":
        raise UserError(f"{binding.model} has no endpoints: set `endpoints` or `backend` in [models.{role}]")
    return binding

"""dataset.toml: defaults, errors that name the setting, and a template that says it all."""

import tomllib
from pathlib import Path

import pytest

from dataset_build.config import Binding, Config, ConfigError, load_config, template, with_settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATASET_BUILD_CONFIG", raising=False)


def test_the_template_holds_every_setting_at_its_default() -> None:
    assert Config.model_validate(tomllib.loads(template())) == Config()
    assert tomllib.loads(template()) == Config().model_dump()


def test_every_setting_is_explained() -> None:
    for section in (*(field.annotation for field in Config.model_fields.values()), Binding):
        for name, field in section.model_fields.items():
            assert field.description, name
    assert template().count("# name, as the server calls it") == 1


def test_a_setting_inside_a_table_of_a_table_is_found() -> None:
    changed = with_settings(Config(), ["models.vlm.model=a/b", 'models.llm.endpoints=["http://127.0.0.1:1/v1"]'])
    assert (changed.models.vlm.model, changed.models.llm.endpoints) == ("a/b", ["http://127.0.0.1:1/v1"])
    with pytest.raises(ConfigError, match=r"models.vlm.modl: no such setting; did you mean models.vlm.model\?"):
        with_settings(Config(), ["models.vlm.modl=x"])


def test_without_a_file_the_defaults_hold() -> None:
    assert load_config() == Config()


def test_the_file_in_the_folder_is_taken() -> None:
    Path("dataset.toml").write_text("[rules]\nmin_side = 64\n")
    assert load_config().rules.min_side == 64
    assert load_config().rules.max_aspect == 3.0


def test_the_environment_and_then_the_argument_win(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("dataset.toml").write_text("[rules]\nmin_side = 1\n")
    Path("two.toml").write_text("[rules]\nmin_side = 2\n")
    Path("three.toml").write_text("[rules]\nmin_side = 3\n")
    monkeypatch.setenv("DATASET_BUILD_CONFIG", "two.toml")
    assert load_config().rules.min_side == 2
    assert load_config(Path("three.toml")).rules.min_side == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[rules]\nmin_side = -1", "rules.min_side: Input should be greater than or equal to 0 (got -1)"),
        ("[rules]\nmin_sid = 1", "rules.min_sid: Extra inputs are not permitted (got 1)"),
        ("[rules", "not valid TOML"),
        ("[duplicates]\nradius = 50\nwidest_radius = 40", "radius (50) is wider than widest_radius (40)"),
        ('[captions]\nrecipes = ["compose", "compose"]', "recipes names compose more than once"),
        ("[captions.sizes]\nsingl_pass = {}", "singl_pass: no such recipe; `dataset-build recipes list` names all"),
        ("[captions]\nrecipes = []", "captions.recipes: List should have at least 1 item"),
        ("[models.vlm.extra]\nmax_tokens = 1", "max_tokens: a field of its own, or for recipes to say"),
        ("[models.vlm.sampling]\nn = 2", "n: not a sampling parameter; there are frequency_penalty, max_tokens"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(text: str, message: str) -> None:
    Path("dataset.toml").write_text(text)
    with pytest.raises(ConfigError) as error:
        load_config()
    assert str(error.value).startswith("dataset.toml: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('endpoints = ["http://bob:SECRET@127.0.0.1:1/v1"]', "models.vlm.endpoints: Value error, it holds a name or a"),
        ('endpoints = "SECRET"', "models.vlm.endpoints: Input should be a valid list"),
        ('arguments = "--api-key SECRET"', "models.vlm.arguments: Input should be a valid list"),
        ('api_key = "SECRET"', "models.vlm.api_key: Extra inputs are not permitted"),
        ("[s3]\nendpoint_url = 'http://bob:SECRET@127.0.0.1:1'", "s3.endpoint_url: Value error, it holds a name or a"),
        ('arguments = ["SECRET"]\n[duplicates]\nembedding = 0.9', "duplicates.embedding: set clip.model"),
    ],
)
def test_no_error_repeats_a_key(text: str, message: str) -> None:
    Path("dataset.toml").write_text(f"[models.vlm]\n{text}\n")
    with pytest.raises(ConfigError) as error:
        load_config()
    assert message in str(error.value)
    assert "SECRET" not in str(error.value)


def test_an_endpoint_is_an_address() -> None:
    with pytest.raises(ConfigError, match=r"models.vlm.endpoints: .*write it as https://host or http://host:port"):
        with_settings(Config(), ['models.vlm.endpoints=["127.0.0.1:8000"]'])


def test_a_missing_file_names_the_command_that_writes_one() -> None:
    with pytest.raises(ConfigError, match=r"none.toml: No such file or directory; `dataset-build init` writes one"):
        load_config(Path("none.toml"))

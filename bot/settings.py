"""What can be set, in the environment or in ``.env``."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from retrieval.errors import ConfigError


class Settings(BaseSettings):
    """The settings; each is the environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore"
    )

    data_dir: Path = Path(".footnote")
    cache_dir: Path | None = None
    embedding_model: str | None = None


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        ConfigError: if one of them makes no sense, or ``.env`` cannot be read.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper()
        raise ConfigError(f"The setting {name} is wrong ({first['msg']}); mend it.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The file .env cannot be read ({error}); save it as UTF-8.") from error

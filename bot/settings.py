"""What can be set, in the environment or in ``.env``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from retrieval.errors import ConfigError


class Settings(BaseSettings):
    """The settings; each is the environment variable of the same name in capitals.

    ``.env.example`` says what each is for.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore"
    )

    data_dir: Path = Path(".footnote")
    cache_dir: Path | None = None
    embedding_model: str | None = None
    reader_model: str | None = None
    chat_model: str | None = None
    chat_base_url: HttpUrl | None = None
    chat_api_key: SecretStr | None = None
    chat_seconds: float = Field(60, gt=0, le=600)
    max_tokens: int = Field(600, ge=50, le=32_000)
    temperature: float = Field(0, ge=0, le=2)

    database_url: SecretStr | None = None
    chroma_url: HttpUrl | None = None
    allow_private_urls: bool = False
    pager: str | None = None

    discord_token: SecretStr | None = None
    discord_guild_id: int | None = None
    discord_message_content: bool = False
    workers: int = Field(2, ge=1, le=64)
    queue: int = Field(100, ge=0)
    keep_days: int = Field(90, ge=1, le=36_500)
    server_sources: int = Field(1_000, ge=0)
    refresh_hours: float = Field(0, ge=0, le=8_760)
    cooldown: int = Field(5, ge=0, le=3600)
    health_host: str = "127.0.0.1"
    health_port: int | None = Field(None, ge=1, le=65_535)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "text"] = "json"


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        ConfigError: if one of them makes no sense, or ``.env`` cannot be read.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = str(first["loc"][0]).upper()
        raise ConfigError(f"The setting {name} is wrong ({first['msg']}); mend it.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The file .env cannot be read ({error}); save it as UTF-8.") from error

"""validate.py FILE...: judges SBOMs by the JSON schema of CycloneDX, version 1.5, in its strict form."""

import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

validator = JsonStrictValidator(SchemaVersion.V1_5)
failed = False
for path in sys.argv[1:]:
    error = validator.validate_str(Path(path).read_text(encoding="utf-8"))
    failed = failed or error is not None
    print(f"{path}: {'valid CycloneDX 1.5' if error is None else f'{error.data.json_path}: {error.data.message}'}")
sys.exit(failed)

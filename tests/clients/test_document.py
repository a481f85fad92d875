"""The OpenAPI document as such: valid by the specification's own rules, and served as it is in the repository."""

import json
from pathlib import Path
from urllib import request

import openapi_spec_validator
import pytest

import gate

DOCUMENT = Path(__file__).parents[2] / "components/twin-registry/openapi.json"


def test_ops_4_the_document_is_valid_openapi_3_1():
    openapi_spec_validator.validate(json.loads(DOCUMENT.read_text()), cls=openapi_spec_validator.OpenAPIV31SpecValidator)


@pytest.mark.skipif(not gate.is_named, reason="no gate is named; `cargo xtask test --only clients` starts one")
def test_ops_4_the_gate_serves_it_to_everybody():
    with request.urlopen(f"{gate.URL}/v1/openapi.json", timeout=20) as answer:
        assert answer.headers["content-type"] == "application/json"
        assert answer.read() == DOCUMENT.read_bytes()

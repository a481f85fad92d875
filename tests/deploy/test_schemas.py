"""The deploy files against the schemas of who reads them: Kubernetes, SpinKube's operator, Prometheus."""

import copy
import json
import os
import pathlib
import shutil
import subprocess

import jsonschema
import kubernetes_validate
import pytest
import yaml

HERE = pathlib.Path(__file__).parent
DEPLOY = HERE.parent.parent / "deploy"
KUBERNETES = "1.36"
SPINAPP = jsonschema.Draft202012Validator(json.loads((HERE / "spinapp.schema.json").read_text()))
PROMTOOL = os.environ.get("PROMTOOL") or shutil.which("promtool")


def objects():
    for path in sorted((DEPLOY / "spinkube").glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            yield document


def of(kind):
    return [document for document in objects() if document["kind"] == kind]


OWN = [one for one in objects() if not one["apiVersion"].startswith(("core.spinkube.dev/", "kustomize.config.k8s.io/"))]


def names(one):
    return f"{one['kind']}/{one['metadata']['name']}"


@pytest.mark.parametrize("one", OWN, ids=names)
def test_ops_6_kubernetes_takes_every_object(one):
    kubernetes_validate.validate(one, KUBERNETES, strict=True)


def test_ops_6_an_object_that_is_wrong_is_refused():
    job = copy.deepcopy(of("CronJob")[0])
    job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["comand"] = ["sh"]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, KUBERNETES, strict=True)


def test_ops_6_the_operator_takes_the_app():
    (app,) = of("SpinApp")
    assert [error.message for error in SPINAPP.iter_errors(app)] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda spec: spec.pop("image"),
        lambda spec: spec.update(replica=3),
        lambda spec: spec.update(enableAutoscaling=True),
        lambda spec: spec["checks"]["readiness"]["httpGet"].update(port=80),
        lambda spec: spec["variables"][0].update(value="both"),
        lambda spec: spec["runtimeConfig"]["keyValueStores"][0].pop("type"),
        lambda spec: spec["resources"]["limits"].update(memory="1 gigabyte"),
    ],
)
def test_ops_6_an_app_that_is_wrong_is_refused(change):
    app = copy.deepcopy(of("SpinApp")[0])
    change(app["spec"])
    assert list(SPINAPP.iter_errors(app)) != []


def test_ops_6_every_resource_is_listed_and_there():
    listed = yaml.safe_load((DEPLOY / "spinkube/kustomization.yaml").read_text())["resources"]
    there = [path.name for path in (DEPLOY / "spinkube").glob("*.yaml") if path.name != "kustomization.yaml"]
    assert sorted(listed) == sorted(there)


def test_ops_6_objects_find_each_other():
    """Names and labels that must be the same in two files."""
    (app,) = of("SpinApp")
    label = {"core.spinkube.dev/app-name": app["metadata"]["name"]}
    (service,) = of("Service")
    assert service["spec"]["selector"] == label
    (budget,) = of("PodDisruptionBudget")
    assert budget["spec"]["selector"]["matchLabels"] == label
    policies = {policy["metadata"]["name"]: policy["spec"] for policy in of("NetworkPolicy")}
    assert policies["tollgate"]["podSelector"]["matchLabels"] == label
    jobs = policies["tollgate-maintenance"]["podSelector"]["matchLabels"]
    assert {"podSelector": {"matchLabels": jobs}} in policies["tollgate"]["ingress"][0]["from"]
    for job in of("CronJob"):
        template = job["spec"]["jobTemplate"]["spec"]["template"]
        assert jobs.items() <= template["metadata"]["labels"].items()
        assert f"http://{service['metadata']['name']}/" in template["spec"]["containers"][0]["args"][0]
        assert job["spec"]["concurrencyPolicy"] == "Forbid"


def test_ops_1_traces_reach_a_collector_of_the_cluster():
    """Its address may be given, needn't be, and isn't walled off; nor is anything else of its namespace opened."""
    (app,) = of("SpinApp")
    (variable,) = [one for one in app["spec"]["variables"] if one["name"] == "otlp_endpoint"]
    assert variable["valueFrom"]["configMapKeyRef"]["optional"] is True
    (policy,) = [one["spec"] for one in of("NetworkPolicy") if one["metadata"]["name"] == "tollgate"]
    (rule,) = [rule for rule in policy["egress"] if {"port": 4318, "protocol": "TCP"} in rule["ports"]]
    assert len(rule["ports"]) == 1
    (peer,) = rule["to"]
    assert {"namespaceSelector", "podSelector"} == peer.keys()
    assert peer["namespaceSelector"] in [one.get("namespaceSelector") for one in policy["ingress"][0]["from"]]


def test_ops_6_no_secret_is_in_the_files():
    assert of("Secret") == []
    for job in of("CronJob"):
        (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        (key,) = [variable for variable in container["env"] if variable["name"] == "ADMIN_KEY"]
        assert list(key["valueFrom"]) == ["secretKeyRef"]
        # On the command line everybody on the machine would see it.
        assert "--config -" in container["args"][0] and '-H "Auth' not in container["args"][0]


def test_ops_6_a_jobs_script_is_a_shells():
    for job in of("CronJob"):
        script = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"][0]
        subprocess.run(["sh", "-n"], input=script, text=True, check=True)


promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (on Debian: prometheus)")


@promtool
@pytest.mark.parametrize(
    "arguments",
    [["check", "rules", "alerts.yaml"], ["test", "rules", "alerts.test.yaml"], ["check", "config", "--syntax-only", "scrape.yaml"]],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_ops_1_prometheus_takes_rules_and_scrape(arguments):
    run = subprocess.run([PROMTOOL, *arguments], cwd=DEPLOY / "prometheus", capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_ops_1_every_alert_says_how_bad_it_is_and_what_to_do():
    (group,) = yaml.safe_load((DEPLOY / "prometheus/alerts.yaml").read_text())["groups"]
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in ("page", "ticket"), rule
        assert {"summary", "description", "runbook"} <= rule["annotations"].keys(), rule
    names = [rule["alert"] for rule in group["rules"]]
    assert len(names) == len(set(names))

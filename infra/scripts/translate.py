"""Prints the CloudFormation that template.yaml becomes, as JSON, without a network or an account.

The linters see little of a SAM template: which queue feeds which function, and what a role may do, stand in the
translation only. Functions and nested templates get a made-up location, since nothing is built or uploaded here.
"""

import json
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """The template names no managed policy, so there is none to look up."""

    def load(self):
        return {}


def main(path):
    with open(path, encoding="utf-8") as file:
        template = yaml_parse(file)
    template["Globals"]["Function"]["CodeUri"] = "s3://nowhere/code"
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::CloudFormation::Stack":
            resource["Properties"]["TemplateURL"] = "https://nowhere.s3.amazonaws.com/template"
    json.dump(transform(template, {}, NoManagedPolicies()), sys.stdout, indent=1, default=str)


if __name__ == "__main__":
    main(sys.argv[1])

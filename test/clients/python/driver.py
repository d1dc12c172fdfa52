"""Drives boto3 for the outer tests: one JSON request a line on standard input, one JSON answer a line on standard output.

A request is {"service", "operation", "input"}; an answer {"output"} or {"code", "typed", "message"}, where typed says
that the client raised the exception class of that name and not a general one. The client is boto3 as it is. With an
argument, that is the endpoint, for releases that know no endpoint variables; without, the environment alone decides.
"""

import json
import os
import re
import sys

import boto3
import botocore.exceptions

ENDPOINT = sys.argv[1] if len(sys.argv) > 1 else None
clients = {}


def client(service):
    if service not in clients:
        clients[service] = boto3.client(service, endpoint_url=ENDPOINT, region_name=os.environ["AWS_REGION"])
    return clients[service]


def method(operation):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()


def answer(request):
    try:
        c = client(request["service"])
    except botocore.exceptions.UnknownServiceError as e:
        return {"code": "NoSuchCall", "typed": False, "message": str(e)}
    if not hasattr(c, method(request["operation"])):
        return {"code": "NoSuchCall", "typed": False, "message": request["operation"]}
    try:
        output = getattr(c, method(request["operation"]))(**request["input"])
    except botocore.exceptions.ClientError as e:
        code = e.response["Error"]["Code"]
        modelled = getattr(c.exceptions, code, None) if code.isidentifier() and code in dir(c.exceptions) else None
        return {"code": code, "typed": modelled is not None and type(e) is modelled, "message": e.response["Error"]["Message"]}
    except botocore.exceptions.BotoCoreError as e:
        return {"code": type(e).__name__, "typed": False, "message": str(e)}
    output.pop("ResponseMetadata", None)
    return {"output": output}


print(json.dumps({"version": "boto3 " + boto3.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line)), default=str), flush=True)

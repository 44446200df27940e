# What the service `build` of compose.yaml does: it makes a domain with two repositories, puts a package into the public registry
# behind one of them, and installs the package through the other.
pip install --quiet --root-user-action ignore awscli

aws codeartifact create-domain --domain acme --query domain.arn --output text
aws codeartifact create-repository --domain acme --repository pypi-store --query repository.arn --output text
aws codeartifact associate-external-connection --domain acme --repository pypi-store --external-connection public:pypi \
  --query repository.externalConnections --output text
aws codeartifact create-repository --domain acme --repository team --upstreams repositoryName=pypi-store \
  --query repository.arn --output text

python3 - <<'PYTHON'
import json, urllib.request
seed = {"connection": "public:pypi", "packages": [{"name": "left-pad", "version": "1.0.0"}]}
request = urllib.request.Request("http://codeartifact:4566/_emulator/seed", json.dumps(seed).encode(), method="PUT")
request.add_header("Content-Type", "application/json")
urllib.request.urlopen(request)
PYTHON

aws codeartifact login --tool pip --domain acme --repository team
pip install --root-user-action ignore --disable-pip-version-check left-pad

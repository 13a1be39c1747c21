from .client.client import Client as Client
from .client.errors import ServingError as ServingError
from .outside.examination import Check as Check
from .outside.examination import doctor as doctor
from .pipeline import export as export
from .published.server_config import write_server_config as write_server_config
from .published.versions import publish as publish
from .server import serve as serve

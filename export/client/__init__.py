"""Asks a server of exported models, over REST or gRPC, with NumPy's arrays.

    from keraszoo.export import Client
    client = Client("http://127.0.0.1:8501", "vae")
    latent = client.predict({"image": images}, "encode")["latent"]

Importing `client` costs no TensorFlow; gRPC's messages do, when they are first used.
"""

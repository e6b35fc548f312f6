"""The OpenAPI document of the API, made of the protos: of their HTTP annotations, behaviours, resources and comments.

`make generate` gives it the descriptors, as buf builds them, and the file to write. It is one file for each part:

    comments    what the protos say of each thing that they declare
    bounds      what the server demands of a field, where no setting changes it
    schemas     messages, enums and fields as ProtoJSON writes them
    templates   paths, and the ids in them
    headers     what headers mean to an RPC
    examples    what the body of an RPC can be
    operations  an RPC by one of its bindings
    errors      the error model, with its reasons
    document    all of it
"""

"""The Features page: channels of the network, and parts of its architecture, are disabled."""

"""The simulated backend: an OCPP CSMS with the driver's pay page. It shares no code with the firmware."""

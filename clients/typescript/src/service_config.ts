export default {
  "loadBalancingConfig": [{"round_robin": {}}],
  "methodConfig": [
    {
      "name": [
        {"service": "activity_session.v1.EventService"},
        {"service": "activity_session.v1.InfoService"},
        {"service": "activity_session.v1.MemoryService"},
        {"service": "activity_session.v1.NamespaceService"},
        {"service": "activity_session.v1.ParticipantService"},
        {"service": "activity_session.v1.SessionService"}
      ],
      "timeout": "30s",
      "retryPolicy": {
        "maxAttempts": 5,
        "initialBackoff": "0.4s",
        "maxBackoff": "5s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"]
      }
    },
    {
      "name": [{"service": "activity_session.v1.SessionService", "method": "AcquireTurn"}],
      "retryPolicy": {
        "maxAttempts": 5,
        "initialBackoff": "0.4s",
        "maxBackoff": "5s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"]
      }
    },
    {
      "name": [{"service": "activity_session.v1.SessionService", "method": "WatchSession"}]
    }
  ]
};

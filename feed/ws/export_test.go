package ws

// OutboxRoom is outboxRoom for external tests.
const OutboxRoom = outboxRoom

package ws

// OutboxRoom is for tests.
const OutboxRoom = outboxRoom

package redis

// Batch is batchSize for external tests.
const Batch = batchSize

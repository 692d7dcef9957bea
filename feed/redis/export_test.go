package redis

// Batch is for tests.
const Batch = batchSize

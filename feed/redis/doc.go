// Package redis reads channels and streams of Redis.
package redis

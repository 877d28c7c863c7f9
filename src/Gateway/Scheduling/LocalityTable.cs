using System.Collections.Concurrent;
using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>What lblc and lblcr remember of one key.</summary>
internal abstract class Locality
{
    private long _lastUse;

    /// <summary>Timestamp of the latest flow with this key.</summary>
    public long LastUse
    {
        get => Volatile.Read(ref _lastUse);
        set => Volatile.Write(ref _lastUse, value);
    }
}

/// <summary>The keys lblc and lblcr remember, at most so many and none longer than the expiration; belongs to the cluster
/// and outlives the lists of destinations.</summary>
/// <remarks>
/// As in the kernel, expired entries are looked for every half hour and used until then; no timer does it, an entry is held
/// against the last half hour when it is asked for. The kernel makes room once a minute and may exceed its limit meanwhile.
/// Here, when the table is full, the eighth that was not used for longest makes room at once, so that the cost of looking
/// for it is shared by many insertions.
/// </remarks>
internal sealed class LocalityTable<T>(TimeProvider time)
    where T : Locality
{
    private readonly ConcurrentDictionary<ulong, T> _entries = new();
    private readonly long _start = time.GetTimestamp();
    private readonly long _sweepPeriod = 30 * 60 * time.TimestampFrequency;
    private readonly Lock _gate = new();
    private long _expiration;
    private int _maxKeys;
    private int _count;

    /// <summary>How many keys are remembered.</summary>
    public int Count => _count;

    /// <summary>Sets the limits of a new list; what is remembered is kept.</summary>
    public LocalityTable<T> WithLimits(SchedulerOptions options)
    {
        Volatile.Write(ref _expiration, (long)(options.Expiration.TotalSeconds * time.TimestampFrequency));
        Volatile.Write(ref _maxKeys, options.MaxKeys);
        return this;
    }

    /// <summary>The entry of this key, unless it expired.</summary>
    public T? Peek(ulong key) =>
        _entries.TryGetValue(key, out var entry) && !IsSwept(entry, time.GetTimestamp()) ? entry : null;

    /// <summary>The same, and the key counts as used.</summary>
    public T? Use(ulong key)
    {
        if (!_entries.TryGetValue(key, out var entry))
        {
            return null;
        }

        var now = time.GetTimestamp();
        if (IsSwept(entry, now))
        {
            return null;
        }

        entry.LastUse = now;
        return entry;
    }

    /// <summary>Remembers a key that is not remembered, or only by an expired entry.</summary>
    public void Put(ulong key, T entry)
    {
        entry.LastUse = time.GetTimestamp();
        lock (_gate)
        {
            if (!_entries.ContainsKey(key) && ++_count > _maxKeys)
            {
                DropOldestNeedsLock();
            }

            _entries[key] = entry;
        }
    }

    private bool IsSwept(T entry, long now)
    {
        var expires = entry.LastUse + Volatile.Read(ref _expiration);
        return now >= expires && now - ((now - _start) % _sweepPeriod) >= expires;
    }

    private void DropOldestNeedsLock()
    {
        var oldest = _entries.OrderBy(pair => pair.Value.LastUse).Take(Math.Max(_maxKeys / 8, 1)).ToList();
        foreach (var (key, _) in oldest)
        {
            _entries.TryRemove(key, out _);
        }

        _count -= oldest.Count;
    }
}

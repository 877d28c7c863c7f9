using Gateway.Clusters;

namespace Gateway.Names;

/// <summary>Looks one name up again and again, whenever the last answer has expired, until it is disposed.</summary>
/// <remarks>
/// Calls <c>lookedUp</c> after each look-up with what was known before it. An error that nobody expected is told to
/// <c>failed</c>, and the name looked up again: the watch never ends by itself.
/// What failed to be found out stays as it was, each type of record for itself, and a name that has no address any more keeps
/// its last ones: a resolver that is down or a zone that is broken must take nothing away. A destination that is really gone
/// is for its probe to find.
/// </remarks>
internal sealed class NameWatch(
    NameKey key, INameSource source, NameOptions options, TimeProvider time, Action<NameWatch, ValueList<NameAddress>?> lookedUp,
    Action<NameKey, Exception> failed, ValueList<NameAddress>? known = null) : IDisposable
{
    private const double Jitter = 0.1;

    private static readonly TimeSpan _longestRetry = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<DnsType, IReadOnlyList<NameAddress>> _known = [];
    private int _failures;
    private ValueList<NameAddress>? _told = known;

    public NameKey Key { get; } = key;

    /// <summary>Ends when the first look-up has, whatever it brought.</summary>
    public Task First => _first.Task;

    /// <summary>What the name stands for; null before anything was found.</summary>
    public ValueList<NameAddress>? Addresses { get; private set; } = known;

    /// <summary>Why the last look-up failed; null when it did not.</summary>
    public string? Problem { get; private set; }

    public void Start() => _ = RunAsync();

    public void Dispose() => _ = _stop.CancelAsync();

    private async Task RunAsync()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                var wait = await LookUpAndTellAsync();
                await Task.Delay(wait * (1 - (Jitter * Random.Shared.NextDouble())), time, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Nobody wants to know any more.
        }
        finally
        {
            _first.TrySetResult();
        }
    }

    private async Task<TimeSpan> LookUpAndTellAsync()
    {
        try
        {
            var wait = await LookUpAsync();
            _stop.Token.ThrowIfCancellationRequested();
            _first.TrySetResult();
            lookedUp(this, _told);
            _told = Addresses;
            return wait;
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            _first.TrySetResult();
            failed(Key, e);
            return _longestRetry;
        }
    }

    private async Task<TimeSpan> LookUpAsync()
    {
        var findings = await Task.WhenAll(Types().Select(async type => (type, found: await source.FindAsync(Key.Name, type, _stop.Token))));
        foreach (var (type, found) in findings.Where(one => one.found.Problem is null))
        {
            _known[type] = found.Addresses;
        }

        var all = NameExpansion.Order(_known.Values.SelectMany(addresses => addresses));
        // A server that has addresses of one kind may refuse to speak of the other.
        Problem = findings.Any(one => one.found.Addresses.Count > 0) ? null
            : findings.Select(one => one.found.Problem).FirstOrDefault(problem => problem is not null) ?? "it has no address";
        Addresses = all.Count == 0 || all.Equals(Addresses) ? Addresses : all;
        if (Problem is not null)
        {
            var retry = options.MinTtl * Math.Pow(2, Math.Min(_failures++, 10));
            return retry < _longestRetry ? retry : _longestRetry;
        }

        _failures = 0;
        var ttl = findings.Where(one => one.found.Problem is null).Min(one => one.found.Ttl) ?? options.MinTtl;
        return ttl < options.MinTtl ? options.MinTtl : ttl > options.MaxTtl ? options.MaxTtl : ttl;
    }

    private DnsType[] Types() => Key.Lookup switch
    {
        NameLookup.IPv4 => [DnsType.A],
        NameLookup.IPv6 => [DnsType.AAAA],
        NameLookup.Srv => [DnsType.SRV],
        // Addresses nobody here can reach would be destinations that are down.
        _ => SystemNames.HasIPv6 ? [DnsType.A, DnsType.AAAA] : [DnsType.A],
    };
}

using Gateway.Clusters;
using Microsoft.Extensions.Primitives;

namespace Gateway.Names;

/// <summary>What is known of all names at one time; whoever reads it is told by a token when there is another.</summary>
internal sealed class NameTable : IDisposable
{
    private volatile State _current = new([]);

    /// <summary>Fires when what is known has changed.</summary>
    public IChangeToken Changed => new CancellationChangeToken(_current.Changed.Token);

    /// <summary>The destinations a configured one stands for.</summary>
    public IEnumerable<DestinationOptions> Expand(DestinationOptions destination) =>
        NameExpansion.KeyOf(destination) is { } key
            ? NameExpansion.Expand(destination, _current.Known.GetValueOrDefault(key))
            : [destination];

    /// <summary>Puts other knowledge in place, which does not change from now on.</summary>
    /// <returns>Fires the token of the old; to be called when the store has the new destinations.</returns>
    public Action Replace(Dictionary<NameKey, ValueList<NameAddress>> known)
    {
        var old = _current;
        _current = new State(known);
        return () => _ = old.Changed.CancelAsync();
    }

    public void Dispose() => _current.Dispose();

    private sealed class State(Dictionary<NameKey, ValueList<NameAddress>> known) : IDisposable
    {
        public Dictionary<NameKey, ValueList<NameAddress>> Known { get; } = known;

        public CancellationTokenSource Changed { get; } = new();

        public void Dispose() => Changed.Dispose();
    }
}

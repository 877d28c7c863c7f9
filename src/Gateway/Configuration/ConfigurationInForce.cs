namespace Gateway.Configuration;

/// <summary>The configuration in force and the one way to replace it, for whoever does: the file's watcher and the API take
/// turns.</summary>
/// <remarks>May be used from any thread.</remarks>
internal sealed class ConfigurationInForce(ConfigurationApply apply, LoadedConfiguration initial) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private volatile LoadedConfiguration _current = initial;

    /// <summary>Told of each configuration once it is in force, before the change returns; must be quick and must not throw.
    /// </summary>
    public event Action<LoadedConfiguration>? Replaced;

    public LoadedConfiguration Current => _current;

    /// <summary>Puts another configuration in force; returns why it was refused, nothing when it was not.</summary>
    /// <param name="next">What is to be in force.</param>
    /// <param name="cancellation">Ends the waiting for the turn. What has begun is carried through: half a configuration is none.
    /// </param>
    /// <param name="expected">What must be in force for this to be done; null is anything.</param>
    public async Task<IReadOnlyList<ConfigurationError>> ReplaceAsync(
        LoadedConfiguration next, CancellationToken cancellation, LoadedConfiguration? expected = null)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            if (expected is not null && !ReferenceEquals(expected, _current))
            {
                return [new("", null, "was changed by somebody else meanwhile", "Look at it again, then repeat the change.")];
            }

            var refusals = await apply(next, CancellationToken.None);
            if (refusals.Count == 0)
            {
                _current = next;
                Replaced?.Invoke(next);
            }

            return refusals;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}

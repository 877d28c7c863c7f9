namespace Gateway.Hosting;

/// <summary>The configuration that is in force, as a source for Kestrel and logging: it changes only when a new one has
/// been validated and applied, and then as a whole.</summary>
/// <remarks>A live file source would hand Kestrel an empty section while the file is broken, and Kestrel would unbind.
/// </remarks>
internal sealed class AppliedConfiguration : ConfigurationProvider, IConfigurationSource
{
    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    /// <summary>Puts other values in place of all there are, and tells everyone who follows them.</summary>
    /// <exception cref="AggregateException">Somebody could not read theirs; the values are the old ones again.</exception>
    public void Replace(IConfiguration configuration)
    {
        var before = Data;
        var after = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in configuration.AsEnumerable())
        {
            if (value is not null)
            {
                after.Add(key, value);
            }
        }

        Data = after;
        try
        {
            OnReload();
        }
        catch (AggregateException)
        {
            // All have been told by now, and some follow the new values: they are told of the old ones in turn.
            Data = before;
            OnReload();
            throw;
        }
    }
}

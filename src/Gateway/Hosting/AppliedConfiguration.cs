namespace Gateway.Hosting;

/// <summary>The configuration that is in force, as a source for Kestrel and logging: it changes only when a new one has
/// been validated and applied, and then as a whole.</summary>
/// <remarks>A live file source would hand Kestrel an empty section while the file is broken, and Kestrel would unbind.
/// </remarks>
internal sealed class AppliedConfiguration : ConfigurationProvider, IConfigurationSource
{
    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    public void Replace(IConfiguration configuration)
    {
        Data = configuration.AsEnumerable()
            .Where(pair => pair.Value is not null)
            .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase);
        OnReload();
    }
}

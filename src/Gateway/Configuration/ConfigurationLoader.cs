using System.Collections;
using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>Reads a configuration file, puts the overrides into it and checks it. Start, reload and <c>gateway
/// check</c> all come through here, so that what one of them accepts no other refuses.</summary>
internal sealed class ConfigurationLoader
{
    private readonly IReadOnlyList<Override> _overrides;
    private readonly IReadOnlyList<ConfigurationError> _argumentErrors;
    private readonly IReadOnlyList<ConfigurationCheck> _checks;
    private readonly AdminPassword? _adminPassword;

    /// <param name="environment">Variables that may override keys, as from
    /// <see cref="Environment.GetEnvironmentVariables()"/>; null looks at none.</param>
    /// <param name="arguments">Arguments of the form <c>--Section:Key=value</c>; they override variables.</param>
    /// <param name="checks">Rules of other features; asked when all types and ranges are right.</param>
    public ConfigurationLoader(
        IDictionary? environment = null, IEnumerable<string>? arguments = null,
        params IReadOnlyList<ConfigurationCheck> checks)
    {
        var errors = new List<ConfigurationError>();
        _overrides =
        [
            .. Overrides.FromEnvironment(environment ?? new Hashtable()),
            .. Overrides.FromArguments(arguments ?? [], errors),
        ];
        _argumentErrors = errors;
        _checks = checks;
        _adminPassword = AdminPassword.Of(environment);
    }

    /// <summary>Reads and checks a file, or what a pipe has to say until its end. A file that cannot be read is an error like
    /// any other.</summary>
    public LoadResult Load(string file)
    {
        try
        {
            if (Directory.Exists(file))
            {
                return LoadResult.Failed(new ConfigurationError("", null, "is a folder", "Name a file in it.", new Origin(file)));
            }

            // Taken first: a change while the file is read makes the stamp old, and the file is read again.
            var stamp = FileStamp.Of(file);
            using var stream = File.OpenRead(file);
            // A file that is cut while it is read ends early; the syntax check finds it.
            return ReadToEnd(stream) is { } json ? Load(json, file, stamp)
                : LoadResult.Failed(new ConfigurationError(
                    "", null, $"has more than {JsonTree.LargestFileBytes} bytes",
                    "Check that this is a configuration file.", new Origin(file)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return LoadResult.Failed(new ConfigurationError(
                "", null, $"cannot be read: {e.Message.TrimEnd('.')}",
                "Name a file that exists and may be read.", new Origin(file)));
        }
    }

    /// <summary>Reads and checks JSON that is not in a file, or no longer.</summary>
    public LoadResult Load(byte[] json, string source) => Load(json, source, stamp: null);

    /// <summary>Reads and checks what a configuration would be with another overlay on the same file.</summary>
    /// <param name="current">The configuration whose file is kept.</param>
    /// <param name="overlay">The JSON of the overlay; null is none.</param>
    public LoadResult Load(LoadedConfiguration current, byte[]? overlay) => Load(
        current.Layers.File, current.SourceFile!, current.SourceStamp,
        current.Layers.Overlay with { Json = overlay });

    private LoadResult Load(byte[] json, string source, FileStamp? stamp, Overlay? overlay = null)
    {
        var errors = new List<ConfigurationError>(_argumentErrors);
        var warnings = new List<ConfigurationError>();
        if (JsonTree.Parse(json, source, errors) is not { } tree)
        {
            return LoadResult.Failed(errors);
        }

        try
        {
            overlay ??= Overlay.Read(stamp is null ? null : OverlayFile(tree, source));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add(new("", null, $"cannot be read: {e.Message.TrimEnd('.')}",
                "Let the process read it, or remove it.", new Origin(OverlayFile(tree, source))));
            return LoadResult.Failed(errors);
        }

        var overlaid = overlay.Overlaid(tree);
        if (!overlay.ApplyTo(tree, errors, warnings))
        {
            return LoadResult.Failed(errors);
        }

        ApplyOverrides(tree, warnings);
        NullKeys.RemoveFrom(tree, Schema.Gateway);
        _adminPassword?.ApplyTo(tree, errors);
        // Keys take longer to read than much of the rest, which is read meanwhile.
        var certificates = Task.Run(() => ConfigurationReader.CertificateErrors(tree, source, stamp));
        new SchemaCheck(errors).Check(tree, Schema.Gateway, "");
        var schemaErrors = errors.Count;
        LoadedConfiguration? configuration = null;
        var asked = nameof(ConfigurationReader);
        try
        {
            configuration = ConfigurationReader.Read(tree, source, stamp, errors, warnings, new Layers(json, overlay), overlaid);
            foreach (var check in schemaErrors == 0 ? _checks : [])
            {
                asked = check.Method.DeclaringType?.Name ?? check.Method.Name;
                errors.AddRange(check(configuration));
            }

            asked = nameof(KestrelCertificates);
            errors.AddRange(certificates.GetAwaiter().GetResult());
        }
        catch (Exception e)
        {
            // Rules of many features see here what nobody has seen before. A text that one of them did not expect must
            // be an error of that text, not the end of a load balancer that is at work.
            errors.Add(new("", null, $"cannot be checked: {asked} found {e.GetType().Name}: {e.Message.TrimEnd('.')}",
                "Undo the latest change, and report this message: it should name a key.", new Origin(source)));
        }

        return errors.Count == 0 ? new LoadResult(configuration, []) : LoadResult.Failed(InOrder(errors));
    }

    /// <summary>Where the overlay of this file is; the folder may be overridden as any other key.</summary>
    private string OverlayFile(ConfigurationNode tree, string source) => Overlay.FileFor(source,
        _overrides.LastOrDefault(given => given.Key.Equals(Overlay.FolderKey, StringComparison.OrdinalIgnoreCase))?.Value
            ?? tree.At(Overlay.FolderKey)?.Text);

    /// <summary>All that can be read, a pipe's content too; null when it is too much.</summary>
    private static byte[]? ReadToEnd(FileStream stream)
    {
        if (stream.CanSeek && stream.Length > JsonTree.LargestFileBytes)
        {
            return null;
        }

        using var content = new MemoryStream();
        var part = new byte[64 * 1024];
        for (var read = 1; read > 0 && content.Length <= JsonTree.LargestFileBytes;)
        {
            read = stream.Read(part);
            content.Write(part, 0, read);
        }

        return content.Length <= JsonTree.LargestFileBytes ? content.ToArray() : null;
    }

    private void ApplyOverrides(ConfigurationNode tree, List<ConfigurationError> warnings)
    {
        foreach (var given in _overrides)
        {
            if (!given.IsEnvironment || Schema.Gateway.KnowsValueAt(given.Key))
            {
                given.Apply(tree);
            }
            else if (given.Key.Contains(':') && Schema.Gateway.Properties.ContainsKey(given.Key.Split(':')[0]))
            {
                warnings.Add(new(given.Key, null, "is not a known key and is ignored",
                    "Check the name of the variable.", new Origin(given.Source)));
            }
        }
    }

    /// <summary>One error for each key, since one mistake may break two rules, in the order of the file.</summary>
    private static IEnumerable<ConfigurationError> InOrder(IEnumerable<ConfigurationError> errors) => errors
        .DistinctBy(error => error.Key.Length > 0 ? error.Key : error.ToString(), StringComparer.OrdinalIgnoreCase)
        .OrderBy(error => error.Origin?.Line ?? 0).ThenBy(error => error.Origin?.Column ?? 0);
}

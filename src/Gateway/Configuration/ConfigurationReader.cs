namespace Gateway.Configuration;

/// <summary>Turns a checked tree into typed options, and checks the rules that span sections.</summary>
internal static class ConfigurationReader
{
    public static LoadedConfiguration Read(
        ConfigurationNode tree, string source, FileStamp? stamp,
        List<ConfigurationError> errors, List<ConfigurationError> warnings, Layers layers,
        IReadOnlyList<OverlaidKey> overlaid)
    {
        var root = new Section("", tree, errors);
        var folder = stamp is null ? null : Path.GetDirectoryName(Path.GetFullPath(source));
        var certificates = Task.Run(() => CertificateErrors(tree, folder));
        var warningRoot = new Section("", tree, warnings);
        var clusters = root.Child("ReverseProxy").Child("Clusters");
        var warned = warningRoot.Child("ReverseProxy").Child("Clusters");
        var options = clusters.Children
            .Select(cluster => ClusterSection.Read(cluster, warned.Child(cluster.Id))).ToList();
        var virtualServers = root.Child("VirtualServers").Children
            .Select(server => VirtualServerSection.Read(server, warningRoot.Child("VirtualServers").Child(server.Id), folder)).ToList();
        ClusterReferences.Check(root, warningRoot, options, virtualServers);
        KestrelEndpoints.Check(root.Child("Kestrel"));
        KestrelLimits.Check(root.Child("Kestrel").Child("Limits"));
        ListenConflicts.Check(root);
        NamesSection.Read(root.Child("Names"));
        HooksSection.Read(root.Child("Hooks"), [.. options.Select(cluster => cluster.Id)]);
        AccessLogPath.Check(root.Child("Telemetry").Child("AccessLog"));
        ManagementRules.Check(root.Child("Management"), folder);
        errors.AddRange(certificates.GetAwaiter().GetResult());
        return new LoadedConfiguration(tree, source, options, virtualServers)
        {
            SourceStamp = stamp,
            Layers = layers,
            Warnings = warnings,
            Overlaid = overlaid,
        };
    }

    /// <summary>Keys take longer to read than all the rest, which is read meanwhile.</summary>
    private static List<ConfigurationError> CertificateErrors(ConfigurationNode tree, string? folder)
    {
        var errors = new List<ConfigurationError>();
        KestrelCertificates.Check(new Section("", tree, errors).Child("Kestrel"), folder);
        return errors;
    }
}

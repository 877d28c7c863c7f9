using Gateway.Clusters;

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
        var folder = FolderOf(source, stamp);
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
        OtlpHeaders.Check(root.Child("Telemetry").Child("Otlp"));
        ManagementRules.Check(root.Child("Management"), folder);
        return new LoadedConfiguration(tree, source, options, virtualServers)
        {
            SourceStamp = stamp,
            Layers = layers,
            Warnings = warnings,
            Overlaid = overlaid,
        };
    }

    /// <summary>What is wrong with the certificates that Kestrel is to serve.</summary>
    public static List<ConfigurationError> CertificateErrors(ConfigurationNode tree, string source, FileStamp? stamp)
    {
        var errors = new List<ConfigurationError>();
        KestrelCertificates.Check(new Section("", tree, errors).Child("Kestrel"), FolderOf(source, stamp));
        return errors;
    }

    /// <summary>Where relative paths begin; null when there is no file.</summary>
    private static string? FolderOf(string source, FileStamp? stamp) =>
        stamp is null ? null : Path.GetDirectoryName(Path.GetFullPath(source));
}

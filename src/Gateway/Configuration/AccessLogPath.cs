namespace Gateway.Configuration;

/// <summary>Checks what the access log would find out only when it opens its file.</summary>
internal static class AccessLogPath
{
    /// <param name="accessLog">The <c>Telemetry:AccessLog</c> section.</param>
    public static void Check(Section accessLog)
    {
        if (!accessLog.Flag("Enabled", false) || accessLog.Text("Path") is not { Length: > 0 } path)
        {
            return;
        }

        if (Directory.Exists(path))
        {
            accessLog.Error("Path", "is a folder", "Name a file in it.");
        }
        else if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))))
        {
            accessLog.Error("Path", "is in a folder that does not exist", "Make the folder, or name one that exists.");
        }
    }
}

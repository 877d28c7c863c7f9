using Gateway.Clusters;

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
        else if (WhyNotWritable(path) is { } reason)
        {
            accessLog.Error("Path", $"cannot be written: {reason.TrimEnd('.')}", "Let the user that Gateway runs as write it, or name another file.");
        }
    }

    /// <summary>Why a file that is there cannot be written. Whether one can be made, the start tries: a check leaves none behind. Pipes
    /// are not opened, since that waits for whoever reads them.</summary>
    private static string? WhyNotWritable(string path)
    {
        if (FileStamp.Of(path) is not { IsRegular: true })
        {
            return null;
        }

        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
